// Lets a program find the test cloud's balancers by their names, as AWS's name servers let it find real ones.
// Usage: node --import resolve-balancers.mjs …, with AWS_ENDPOINT_URL leading to the cloud
import dns from 'node:dns';

const { lookup } = dns;

dns.lookup = (name, ...rest) => {
  if (!/\.elb\.[a-z0-9-]+\.amazonaws\.com$/.test(name)) return lookup(name, ...rest);
  const done = rest.pop();
  const { all = false } = rest[0] ?? {};
  addressesOf(name).then(
    (addresses) => (all ? done(null, addresses) : done(null, addresses[0].address, 4)),
    (error) => done(Object.assign(error, { code: 'ENOTFOUND' })),
  );
};

async function addressesOf(name) {
  const answer = await fetch(new URL(name, process.env.AWS_ENDPOINT_URL));
  const addresses = await answer.json();
  if (addresses.length === 0) throw new Error(`there is no ${name}`);
  return addresses.map((address) => ({ address, family: 4 }));
}
