// SPDX-License-Identifier: Apache-2.0
// oidc-provider with one client and its tokens in memory, for the bench: node oidc.mjs PORT, in a folder that has it.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.cwd() + "/"));
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));
const port = Number(process.argv[2]);
const resource = `http://127.0.0.1:${port}/api`;
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: "bench", client_secret: "a-secret-of-the-bench", grant_types: ["client_credentials"], redirect_uris: [],
    response_types: [], token_endpoint_auth_method: "client_secret_basic",
  }],
  scopes: ["items:read"],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => resource,
      getResourceServerInfo: async () => ({ scope: "items:read", audience: resource, accessTokenFormat: "opaque", accessTokenTTL: 3600 }),
    },
  },
});
provider.listen(port, "127.0.0.1");
