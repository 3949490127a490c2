// An OpenID Connect provider on loopback: `node provider.mjs '<JSON>'` with port, client_id,
// client_secret, redirect_uris, and people: what it knows of each, by the name they sign in with.
import Provider from "oidc-provider";

const told = JSON.parse(process.argv[2]);
const provider = new Provider(`http://127.0.0.1:${told.port}`, {
  clients: [
    {
      client_id: told.client_id,
      client_secret: told.client_secret,
      redirect_uris: told.redirect_uris,
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
  ],
  claims: { openid: ["sub"], address: ["address"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...told.people[id] }) }),
});
provider.listen(told.port, "127.0.0.1");
