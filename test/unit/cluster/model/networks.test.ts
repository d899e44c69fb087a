import { expect, test } from 'vitest';
import { checkNetworks } from '../../../../src/cluster/model/networks.ts';
import { providers } from '../../../../src/providers/registry.ts';

const pods = '10.244.0.0/16';
const services = '10.96.0.0/12';
const check = (clusterCidr: string, serviceCidr: string) => () =>
  checkNetworks({ clusterCidr, serviceCidr }, providers.local.networks);

test('the defaults, and ranges side by side, are taken', () => {
  check(pods, services)();
  check('10.0.0.0/17', '10.0.128.0/28')();
});

test.each([
  [pods, '10.244.128.0/20', /the Services' range .* overlaps the pods' range/],
  ['10.0.0.0/8', '172.16.0.0/16', /the pods' range 10.0.0.0\/8 .* overlaps 10.128.0.0\/16, the machines'/],
  [pods, '10.128.64.0/20', /the Services' range .* overlaps 10.128.0.0\/16/],
  ['198.19.7.0/24', services, /overlaps 198.18.0.0\/15/],
  [pods, '10.96.0.0/11', /--service-cidr must be a \/12 to a \/28/],
  [pods, '10.96.0.0/29', /--service-cidr must be a \/12 to a \/28/],
  ['10.244.1.0/16', services, /--cluster-cidr must begin .*: 10.244.0.0\/16, not 10.244.1.0\/16/],
  ['10.244.0.0/33', services, /--cluster-cidr must be an IPv4 range/],
  ['fd00::/48', services, /--cluster-cidr must be an IPv4 range/],
  [pods, '10.300.0.0/16', /--service-cidr must be an IPv4 range/],
])('%s with %s is refused in a line', (clusterCidr, serviceCidr, message) => {
  expect(check(clusterCidr, serviceCidr)).toThrow(message);
  expect(check(clusterCidr, serviceCidr)).toThrow(/^[^\n]*$/);
});
