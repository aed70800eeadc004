// SPDX-License-Identifier: Apache-2.0
// A client of @modelcontextprotocol/sdk through the gate: prints what it got, as JSON.
//     node sdk1.mjs URL TOKEN TOOL [ARGUMENTS]
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, token, tool, args = "{}"] = process.argv.slice(2);
const out = {};
const client = new Client({ name: "sdk1", version: "1" });
try {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } } });
  await client.connect(transport);
  out.tools = (await client.listTools()).tools.map((one) => one.name);
  const got = await client.callTool({ name: tool, arguments: JSON.parse(args) });
  out.text = got.content[0].text;
  await transport.terminateSession();
} catch (error) {
  out.error = { name: error.constructor.name, code: error.code, message: error.message };
}
await client.close();
console.log(JSON.stringify(out));
