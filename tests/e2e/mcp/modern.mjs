// SPDX-License-Identifier: Apache-2.0
// An MCP server of both eras on @modelcontextprotocol/server: what the conformance suite asks a server for.
// Prints its port. Says in its answers what of the caller's it was sent: `whoami` tells the Remit-* fields.
import crypto from "node:crypto";
import http from "node:http";
import {
  McpServer, ResourceTemplate, acceptedContent, completable, createMcpHandler, createRequestStateCodec, fromJsonSchema,
  inputRequired,
} from "@modelcontextprotocol/server";
import { z } from "zod";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";
const state = createRequestStateCodec({ key: crypto.randomBytes(32) });
const text = (words) => ({ content: [{ type: "text", text: words }] });
const user = (content) => ({ role: "user", content });
const embedded = (uri) => ({ type: "resource", resource: { uri, mimeType: "text/plain", text: "Embedded content" } });
const image = { type: "image", data: PNG, mimeType: "image/png" };
const ask = (message, name, type = "string") =>
  inputRequired.elicit({ message, requestedSchema: { type: "object", properties: { [name]: { type } }, required: [name] } });
const sample = (words, maxTokens) => inputRequired.createMessage({ messages: [user({ type: "text", text: words })], maxTokens });
const SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema", type: "object",
  $defs: { address: { $anchor: "addressDef", type: "object", properties: { street: { type: "string" }, city: { type: "string" } } } },
  properties: {
    name: { type: "string" }, address: { $ref: "#/$defs/address" }, contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" }, email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  then: { required: ["phone"] }, else: { required: ["email"] }, additionalProperties: false,
};

let handler;

function addTools(server) {
  const add = (name, run, inputSchema, more) =>
    server.registerTool(name, { description: `The tool ${name}.`, ...(inputSchema && { inputSchema }), ...more },
      inputSchema ? run : (ctx) => run({}, ctx));
  add("test_simple_text", () => text("This is a simple text response for testing."));
  add("test_image_content", () => ({ content: [image] }));
  add("test_audio_content", () => ({ content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] }));
  add("test_embedded_resource", () => ({ content: [embedded("test://embedded-resource")] }));
  add("test_multiple_content_types", () => ({
    content: [{ type: "text", text: "Multiple content types test:" }, image, embedded("test://mixed-content-resource")] }));
  add("test_error_handling", () => ({ ...text("This tool intentionally returns an error for testing"), isError: true }));
  add("test_tool_with_progress", async (_, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100])
      if (progressToken !== undefined)
        await ctx.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
    return text("done");
  });
  for (const name of ["test_tool_with_logging", "test_logging_tool"])
    add(name, async (_, ctx) => {
      for (const words of ["Tool execution started", "Tool processing data", "Tool execution completed"])
        await ctx.mcpReq.log("info", words);
      return text("logged");
    });
  add("test_sampling", async ({ prompt }, ctx) => {
    const got = await ctx.mcpReq.requestSampling({ messages: [user({ type: "text", text: prompt })], maxTokens: 100 });
    return text(`LLM response: ${got.content.text}`);
  }, z.object({ prompt: z.string() }));
  add("test_elicitation", async ({ message }, ctx) => {
    const got = await ctx.mcpReq.elicitInput({ message, requestedSchema: {
      type: "object", properties: { username: { type: "string" }, email: { type: "string" } }, required: ["username", "email"] } });
    return text(`User response: ${JSON.stringify(got)}`);
  }, z.object({ message: z.string() }));
  add("test_missing_capability", () => inputRequired({ inputRequests: { q: sample("?", 1) } }));
  add("test_streaming_elicitation", (_, ctx) => inputRequired({ inputRequests: { q: ask("Who?", "name") } }));
  add("test_trigger_tool_change", () => { handler.notify.toolsChanged(); return text("changed"); });
  add("test_trigger_prompt_change", () => { handler.notify.promptsChanged(); return text("changed"); });
  add("json_schema_2020_12_tool", () => text("ok"), fromJsonSchema(SCHEMA));
  add("test_headers", ({ region }) => text(`in ${region}`), fromJsonSchema({
    type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } }, required: ["region"] }));
  add("whoami", (_, ctx) => text(JSON.stringify(
    Object.fromEntries([...ctx.http.req.headers].filter(([name]) => name.startsWith("remit-") || name === "authorization")))));
}

function addRounds(server) {
  const add = (name, run) => server.registerTool(name, { description: `The tool ${name}.` }, (ctx) => run(ctx));
  const got = (ctx, key) => ctx.mcpReq.inputResponses?.[key];
  add("test_input_required_result_elicitation", (ctx) => {
    const name = acceptedContent(ctx.mcpReq.inputResponses, "user_name", z.object({ name: z.string() }));
    return name ? text(`Hello, ${name.name}!`) : inputRequired({ inputRequests: { user_name: ask("What is your name?", "name") } });
  });
  add("test_input_required_result_sampling", (ctx) => got(ctx, "capital_question")
    ? text("Paris") : inputRequired({ inputRequests: { capital_question: sample("What is the capital of France?", 100) } }));
  add("test_input_required_result_list_roots", (ctx) => got(ctx, "client_roots")
    ? text(JSON.stringify(got(ctx, "client_roots"))) : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } }));
  for (const name of ["test_input_required_result_request_state", "test_input_required_result_tampered_state"])
    add(name, async (ctx) => got(ctx, "confirm") && ctx.mcpReq.requestState()
      ? text("state-ok")
      : inputRequired({ inputRequests: { confirm: ask("Please confirm", "ok", "boolean") }, requestState: await state.mint("1") }));
  add("test_input_required_result_multiple_inputs", async (ctx) => got(ctx, "user_name") && got(ctx, "client_roots")
    ? text("all") : inputRequired({
      inputRequests: { user_name: ask("What is your name?", "name"), greeting: sample("Generate a greeting", 50),
        client_roots: inputRequired.listRoots() },
      requestState: await state.mint("m") }));
  add("test_input_required_result_multi_round", async (ctx) => {
    if (got(ctx, "step2")) return text("done");
    if (got(ctx, "step1"))
      return inputRequired({ inputRequests: { step2: ask("Step 2: What is your favorite color?", "color") }, requestState: await state.mint("2") });
    return inputRequired({ inputRequests: { step1: ask("Step 1: What is your name?", "name") }, requestState: await state.mint("1") });
  });
  add("test_input_required_result_capabilities", (ctx) => {
    const has = ctx.mcpReq.envelope?.["io.modelcontextprotocol/clientCapabilities"] ?? {};
    const inputRequests = {};
    if (has.elicitation) inputRequests.name = ask("Name?", "name");
    if (has.sampling) inputRequests.words = sample("Say", 10);
    return Object.keys(inputRequests).length ? inputRequired({ inputRequests }) : text("nothing to ask with");
  });
  server.registerPrompt("test_input_required_result_prompt", { description: "Asks first." }, (ctx) => got(ctx, "user_context")
    ? { messages: [user({ type: "text", text: "with context" })] }
    : inputRequired({ inputRequests: { user_context: ask("What context should the prompt use?", "context") } }));
}

function addRest(server) {
  const read = (uri, content) => ({ contents: [{ uri: uri.href ?? String(uri), ...content }] });
  server.registerResource("static-text", "test://static-text", { description: "Text.", mimeType: "text/plain" },
    () => read("test://static-text", { mimeType: "text/plain", text: "This is the content of the static text resource." }));
  server.registerResource("static-binary", "test://static-binary", { description: "Bytes.", mimeType: "image/png" },
    () => read("test://static-binary", { mimeType: "image/png", blob: PNG }));
  server.registerResource("template", new ResourceTemplate("test://template/{id}/data", { list: undefined }),
    { description: "By id.", mimeType: "application/json" },
    (uri, { id }) => read(uri, { mimeType: "application/json", text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }));
  const prompt = (name, run, argsSchema) =>
    server.registerPrompt(name, { description: `The prompt ${name}.`, ...(argsSchema && { argsSchema }) }, run);
  prompt("test_simple_prompt", () => ({ messages: [user({ type: "text", text: "This is a simple prompt for testing." })] }));
  prompt("test_prompt_with_arguments", ({ arg1, arg2 }) => ({
    messages: [user({ type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` })] }),
  z.object({ arg1: completable(z.string(), () => ["testValue1"]), arg2: z.string() }));
  prompt("test_prompt_with_embedded_resource", ({ resourceUri }) => ({
    messages: [user(embedded(resourceUri)), user({ type: "text", text: "Please process the embedded resource above." })] }),
  z.object({ resourceUri: z.string() }));
  prompt("test_prompt_with_image", () => ({ messages: [user(image), user({ type: "text", text: "Please analyze the image above." })] }));
}

handler = createMcpHandler(() => {
  const server = new McpServer({ name: "modern", version: "1.0.0" }, {
    capabilities: { logging: {}, tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true } },
    requestState: { verify: state.verify },
  });
  addTools(server);
  addRounds(server);
  addRest(server);
  return server;
}, { keepAliveMs: 1000 });

http.createServer(async (req, res) => {
  const gone = new AbortController();
  res.on("close", () => gone.abort());
  const body = req.method === "POST" ? await new Response(req).arrayBuffer() : undefined;
  const headers = new Headers();
  for (let i = 0; i < req.rawHeaders.length; i += 2) headers.append(req.rawHeaders[i], req.rawHeaders[i + 1]);
  const answer = await handler.fetch(new Request(`http://${req.headers.host}${req.url}`, {
    method: req.method, headers, body, signal: gone.signal }));
  res.writeHead(answer.status, Object.fromEntries(answer.headers));
  res.flushHeaders();
  try {
    for await (const part of answer.body ?? []) res.write(part);
    res.end();
  } catch { res.destroy(); }
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
