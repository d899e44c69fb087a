import { describeProvider } from './provider-suite.ts';
import { localWorld } from './support/local-world.ts';

describeProvider('this machine', localWorld);
