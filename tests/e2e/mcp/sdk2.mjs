// SPDX-License-Identifier: Apache-2.0
// A client of @modelcontextprotocol/client through the gate: prints what it got, as JSON.
//     node sdk2.mjs ERA URL TOKEN TOOL [ARGUMENTS]        ERA: legacy, auto, or a version to pin
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [era, url, token, tool, args = "{}"] = process.argv.slice(2);
const out = {};
const mode = era === "legacy" || era === "auto" ? era : { pin: era };
const client = new Client({ name: "sdk2", version: "1" }, { versionNegotiation: { mode } });
try {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } } });
  await client.connect(transport);
  out.version = client.getNegotiatedProtocolVersion();
  out.tools = (await client.listTools()).tools.map((one) => one.name);
  const got = await client.callTool({ name: tool, arguments: JSON.parse(args) });
  out.text = got.content[0].text;
} catch (error) {
  out.error = { name: error.constructor.name, code: error.code, message: error.message };
}
await client.close();
console.log(JSON.stringify(out));
