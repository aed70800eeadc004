// SPDX-License-Identifier: Apache-2.0
// Preloaded: adds the token of REMIT_TEST_TOKEN to every request to REMIT_TEST_HOST. The conformance suite has no
// option for one.
import http from "node:http";
import { getGlobalDispatcher, setGlobalDispatcher } from "undici";

const { REMIT_TEST_HOST: host, REMIT_TEST_TOKEN: token } = process.env;

const plainFetch = globalThis.fetch;
globalThis.fetch = (input, init = {}) => {
  const url = new URL(typeof input === "string" || input instanceof URL ? input : input.url);
  if (url.host !== host) return plainFetch(input, init);
  const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
  headers.set("authorization", `Bearer ${token}`);
  return plainFetch(input, { ...init, headers });
};

// By the port: the host of some is said to be another on purpose.
const plainRequest = http.request;
http.request = function (...args) {
  const request = plainRequest.apply(this, args);
  const [first, second] = args;
  const port = first?.port ?? second?.port ?? (typeof first === "string" ? new URL(first).port : undefined);
  if (`${port}` === host.split(":")[1]) request.setHeader("authorization", `Bearer ${token}`);
  return request;
};

// Others that say on purpose that they are for another host are made by undici itself, with an object of headers.
setGlobalDispatcher(getGlobalDispatcher().compose((dispatch) => (options, handler) => {
  const plain = options.headers && !Array.isArray(options.headers) && !options.headers[Symbol.iterator];
  if (plain && new URL(options.origin).host === host)
    options = { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } };
  return dispatch(options, handler);
}));
