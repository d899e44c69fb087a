import { list, type More, number, text } from '../flag.ts';
import * as values from '../input/values.ts';
import { byProvider } from '../input/variables.ts';

const ofProvider: More = { defaultText: "the provider's" };

// The machines and their network.

export const project = text('project', 'ID', 'the GCE project', values.cloudName, {
  defaultText: "the credentials'",
  ...byProvider('project'),
});
export const machineType = text('machine-type', 'TYPE', 'the kind of VM', values.cloudName, {
  ...ofProvider,
  ...byProvider('machineType'),
});
export const diskSize = number('disk-size', 'GB', 'the size of the disk', values.gigabytes, {
  ...ofProvider,
  ...byProvider('diskSizeGb'),
});
export const diskType = text(
  'disk-type',
  'TYPE',
  'the kind of disk, such as pd-ssd or gp3',
  values.cloudName,
  {
    ...ofProvider,
    ...byProvider('diskType'),
  },
);
export const image = text('image', 'IMAGE', "the machine's image", values.cloudName, ofProvider);
export const network = text('network', 'NAME', 'an existing network', values.cloudName, ofProvider);
export const subnets = list('subnets', 'A,B', 'existing subnets, one a zone', values.cloudName, {
  defaultText: 'found by zone',
});
export const allowFrom = list(
  'allow-from',
  'CIDR',
  'who may reach the API port; may be repeated',
  values.cidr,
  { defaultText: 'anyone' },
);
export const sshFrom = list('ssh-from', 'CIDR', 'who may reach port 22; may be repeated', values.cidr, {
  defaultText: 'your own address',
});
