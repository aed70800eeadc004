// SPDX-License-Identifier: Apache-2.0
// A stdio server behind Streamable HTTP with sessions: one process a session. Prints its port.
//     node bridge.mjs COMMAND ARGUMENT...
import http from "node:http";
import crypto from "node:crypto";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [command, ...args] = process.argv.slice(2);
const sessions = new Map();

async function open() {
  const inner = new StdioClientTransport({ command, args, stderr: "ignore" });
  const outer = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (id) => sessions.set(id, outer),
  });
  outer.onmessage = (message) => inner.send(message);
  inner.onmessage = (message) => outer.send(message).catch(() => {});
  outer.onclose = () => { sessions.delete(outer.sessionId); inner.close(); };
  await inner.start();
  await outer.start();
  return outer;
}

http.createServer(async (req, res) => {
  const id = req.headers["mcp-session-id"];
  const transport = id ? sessions.get(id) : await open();
  if (transport) await transport.handleRequest(req, res);
  else res.writeHead(404).end();
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
