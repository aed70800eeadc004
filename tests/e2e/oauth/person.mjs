// SPDX-License-Identifier: Apache-2.0
// Apps for people, by oauth4webapi and openid-client. What a person must look at is printed as a line, {"ask": URL} or
// {"device": CODE}; where the browser comes back to is read as one. Prints what it got, as JSON.
//     node person.mjs ISSUER RESOURCE DOCUMENT_URL
import * as readline from "node:readline/promises";
import * as oauth from "oauth4webapi";
import * as client from "openid-client";

const [issuer, resource, documentUrl] = process.argv.slice(2);
const plain = { [oauth.allowInsecureRequests]: true };
const redirect_uri = "http://127.0.0.1:33418/callback";
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async (what) => {
  console.log(JSON.stringify(what));
  return (await lines.next()).value;
};
const out = {};
const as = await oauth.processDiscoveryResponse(new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), { algorithm: "oauth2", ...plain }));
const call = async (token, more = {}) => {
  try {
    return (await oauth.protectedResourceRequest(token, "GET", new URL(resource + "/stories"), undefined, undefined,
      { ...plain, ...more })).status;
  } catch (error) {
    return error.status;
  }
};
const failing = async (promise) => promise.then(() => "it went through", (error) => error.error);

// The code flow: pushed, with PKCE, a key, the resource and iss (RFC 9126, 7636, 9449, 8707, 9207)
async function codeFlow(app, name) {
  const DPoP = oauth.DPoP(app, await oauth.generateKeyPair("ES256")), state = oauth.generateRandomState();
  const verifier = oauth.generateRandomCodeVerifier();
  const pushed = await oauth.processPushedAuthorizationResponse(as, app, await oauth.pushedAuthorizationRequest(as, app, oauth.None(), {
    response_type: "code", redirect_uri, scope: "stories:read offline_access", resource, state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }, { ...plain, DPoP }));
  const url = new URL(as.authorization_endpoint);
  url.searchParams.set("client_id", app.client_id);
  url.searchParams.set("request_uri", pushed.request_uri);
  const params = oauth.validateAuthResponse(as, app, new URL(await ask({ ask: url.href })), state);
  const redeem = async (more) => oauth.processAuthorizationCodeResponse(as, app, await oauth.authorizationCodeGrantRequest(as, app,
    oauth.None(), params, redirect_uri, verifier, { ...plain, additionalParameters: { resource }, ...more }));
  const withoutKey = await failing(redeem({}));
  const first = await redeem({ DPoP });
  const refresh = async (more) => oauth.processRefreshTokenResponse(as, app,
    await oauth.refreshTokenGrantRequest(as, app, oauth.None(), first.refresh_token, { ...plain, ...more }));
  const refreshedWithoutKey = await failing(refresh({}));
  const second = await refresh({ DPoP });
  out[name] = { type: first.token_type, scope: first.scope, withoutKey, refreshedWithoutKey,
    calls: [await call(first.access_token, { DPoP }), await call(second.access_token, { DPoP }), await call(second.access_token)] };
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, app, oauth.None(), second.refresh_token, plain));
  out[name].revoked = [await call(second.access_token, { DPoP }), await failing(refresh({ DPoP }))];
}

const registered = await oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, {
  client_name: "An app", redirect_uris: [redirect_uri], token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"] }, plain));
await codeFlow(registered, "registered");
await codeFlow({ client_id: documentUrl, token_endpoint_auth_method: "none" }, "document");

// RFC 8628
const device = await oauth.processDeviceAuthorizationResponse(as, registered,
  await oauth.deviceAuthorizationRequest(as, registered, oauth.None(), { scope: "stories:read", resource }, plain));
await ask({ device: device.user_code });
const given = await oauth.processDeviceCodeResponse(as, registered,
  await oauth.deviceCodeGrantRequest(as, registered, oauth.None(), device.device_code, plain));
out.device = [given.token_type, given.scope, await call(given.access_token)];

// openid-client: the request in the URL, bound by dpop_jkt
const config = await client.discovery(new URL(issuer), registered.client_id, undefined, client.None(),
  { algorithm: "oauth2", execute: [client.allowInsecureRequests] });
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
const verifier = client.randomPKCECodeVerifier(), expectedState = client.randomState();
const url = client.buildAuthorizationUrl(config, { redirect_uri, scope: "stories:read offline_access", resource, state: expectedState,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  dpop_jkt: await DPoP.calculateThumbprint() });
const back = new URL(await ask({ ask: url.href }));
const redeem = (key) => client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState }, { resource }, { DPoP: key });
const byAnother = await failing(redeem(other));
const tokens = await redeem(DPoP);
const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
out.openid = [byAnother, tokens.token_type, next.token_type, (await client.fetchProtectedResource(config, next.access_token,
  new URL(resource + "/stories"), "GET", undefined, undefined, { DPoP })).status];
console.log(JSON.stringify(out));
process.exit(0);
