// SPDX-License-Identifier: Apache-2.0
// A machine by oauth4webapi: each step throws where the answer is not what its RFC says. Prints what it got, as JSON.
//     node oauth4webapi.mjs ISSUER RESOURCE CLIENT_ID CLIENT_SECRET
import * as oauth from "oauth4webapi";

const [issuerText, resourceText, clientId, secret] = process.argv.slice(2);
const issuer = new URL(issuerText), resource = new URL(resourceText);
const plain = { [oauth.allowInsecureRequests]: true };
const client = { client_id: clientId };
const auth = oauth.ClientSecretBasic(secret);
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS = "urn:ietf:params:oauth:token-type:access_token";
const out = {};

// RFC 9728, then RFC 8414
const told = await oauth.processResourceDiscoveryResponse(resource, await oauth.resourceDiscoveryRequest(resource, plain));
out.servers = told.authorization_servers;
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...plain }));
out.algorithms = as.dpop_signing_alg_values_supported;

async function own(more = {}) {
  const response = await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: "stories:read", resource: resourceText },
    { ...plain, ...more });
  return oauth.processClientCredentialsResponse(as, client, response);
}

const call = (token, more = {}) => oauth.protectedResourceRequest(token, "GET", new URL(resourceText + "/stories?limit=1"),
  undefined, undefined, { ...plain, ...more });

async function refused(promise) {
  try {
    const response = await promise;
    return { status: response.status };
  } catch (error) {
    return { status: error.status ?? error.response?.status, error: error.error, schemes: error.cause?.map?.((one) => one.scheme),
      told: error.cause?.map?.((one) => one.parameters.error) };
  }
}

// RFC 6750
const bearer = await own();
out.bearer = [bearer.token_type, (await call(bearer.access_token)).status];

// RFC 9449, by each algorithm
out.bound = {};
for (const algorithm of ["ES256", "EdDSA", "Ed25519", "PS256"]) {
  let keys;
  try {
    keys = await oauth.generateKeyPair(algorithm);
  } catch {
    continue; // it does not know the name
  }
  const DPoP = oauth.DPoP(client, keys);
  const token = await own({ DPoP });
  const seen = await oauth.processIntrospectionResponse(as, client,
    await oauth.introspectionRequest(as, client, auth, token.access_token, plain));
  out.bound[algorithm] = [token.token_type, (await call(token.access_token, { DPoP })).status,
    (await call(token.access_token, { DPoP })).status, seen.token_type, seen.cnf?.jkt === await DPoP.calculateThumbprint()];
}
const mine = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
const other = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
const bound = await own({ DPoP: mine });
out.refused = {
  asBearer: await refused(call(bound.access_token)),
  byAnother: await refused(call(bound.access_token, { DPoP: other })),
  unbound: await refused(call(bearer.access_token, { DPoP: mine })),
};

// The same token at the MCP endpoint: a proof is of one URL
const initialize = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } } });
const headers = new Headers({ "content-type": "application/json", accept: "application/json, text/event-stream" });
const mcp = (token, more) => oauth.protectedResourceRequest(token, "POST", new URL("/api/mcp", issuer), headers, initialize,
  { ...plain, ...more });
out.mcp = [(await mcp(bound.access_token, { DPoP: mine })).status, (await refused(mcp(bound.access_token, { DPoP: other }))).status,
  (await refused(mcp(bound.access_token))).status];
out.jkt = await mine.calculateThumbprint();
out.left = (await own({ DPoP: mine })).access_token;

// RFC 8693: narrower, and bound where its parent is
async function exchange(token, more = {}) {
  const response = await oauth.genericTokenEndpointRequest(as, client, auth, EXCHANGE,
    { subject_token: token, subject_token_type: ACCESS, scope: "stories:read" }, { ...plain, ...more });
  return oauth.processGenericTokenEndpointResponse(as, client, response);
}
const child = await exchange(bound.access_token, { DPoP: mine });
out.child = [child.token_type, child.issued_token_type === ACCESS, (await call(child.access_token, { DPoP: mine })).status];
out.refused.childByAnother = await refused(exchange(bound.access_token, { DPoP: other }));

// RFC 7009: the parent, and the child with it
await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, bound.access_token, plain));
out.refused.revoked = await refused(call(bound.access_token, { DPoP: mine }));
out.refused.child = await refused(call(child.access_token, { DPoP: mine }));
const gone = await oauth.processIntrospectionResponse(as, client,
  await oauth.introspectionRequest(as, client, auth, bound.access_token, plain));
out.active = gone.active;

// RFC 7591, 9126 and 8628, as far as no person is needed
const app = await oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, {
  client_name: "App", redirect_uris: ["http://127.0.0.1:1/cb"], token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"] }, plain));
const verifier = oauth.generateRandomCodeVerifier();
const pushed = await oauth.processPushedAuthorizationResponse(as, app, await oauth.pushedAuthorizationRequest(as, app, oauth.None(), {
  response_type: "code", redirect_uri: "http://127.0.0.1:1/cb", scope: "stories:read", resource: resourceText,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }, { ...plain, DPoP: mine }));
out.pushed = pushed.request_uri.startsWith("urn:ietf:params:oauth:request_uri:");
const device = await oauth.processDeviceAuthorizationResponse(as, app,
  await oauth.deviceAuthorizationRequest(as, app, oauth.None(), { scope: "stories:read", resource: resourceText }, plain));
out.device = [typeof device.user_code, await refused(oauth.deviceCodeGrantRequest(as, app, oauth.None(), device.device_code, plain)
  .then((response) => oauth.processDeviceCodeResponse(as, app, response)))];
console.log(JSON.stringify(out));
