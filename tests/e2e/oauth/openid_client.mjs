// SPDX-License-Identifier: Apache-2.0
// A machine by openid-client. Prints what it got, as JSON.
//     node openid_client.mjs ISSUER RESOURCE CLIENT_ID CLIENT_SECRET
import * as client from "openid-client";

const [issuer, resource, clientId, secret] = process.argv.slice(2);
const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
const out = {};
const config = await client.discovery(new URL(issuer), clientId, undefined, client.ClientSecretPost(secret), options);
const keys = await client.randomDPoPKeyPair("ES256");
const DPoP = client.getDPoPHandle(config, keys);
const token = await client.clientCredentialsGrant(config, { scope: "stories:read", resource }, { DPoP });
const call = (more) => client.fetchProtectedResource(config, token.access_token, new URL(resource + "/stories"), "GET", undefined,
  undefined, more);
out.token = [token.token_type, token.scope, token.expires_in > 0];
out.call = [(await call({ DPoP })).status, (await call({ DPoP })).status];
const seen = await client.tokenIntrospection(config, token.access_token);
out.seen = [seen.active, seen.scope, seen.cnf?.jkt === await DPoP.calculateThumbprint()];
try {
  out.bearer = (await call()).status;
} catch (error) {
  out.bearer = [error.response?.status ?? error.status, error.cause?.[0]?.scheme];
}
await client.tokenRevocation(config, token.access_token);
out.revoked = (await client.tokenIntrospection(config, token.access_token)).active;
const app = await client.dynamicClientRegistration(new URL(issuer), { client_name: "App", redirect_uris: ["http://127.0.0.1:1/cb"],
  token_endpoint_auth_method: "none" }, client.None(), options);
const verifier = client.randomPKCECodeVerifier();
const url = await client.buildAuthorizationUrlWithPAR(app, { redirect_uri: "http://127.0.0.1:1/cb", scope: "stories:read", resource,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" });
out.pushed = [url.origin === issuer, url.searchParams.has("request_uri")];
console.log(JSON.stringify(out));
