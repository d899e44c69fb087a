import { putBalancerName } from '../config/balancer-name.ts';
import type { Executor } from './executor.ts';

export const nameBalancer: Executor<'name-balancer'> = (t, { replica }) => putBalancerName(t, replica);
