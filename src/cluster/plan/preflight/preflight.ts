import type { Blocked } from '../decision.ts';
import type { View } from '../view.ts';

/** What would stop a change in its middle: why, and the cure. Pure. */
export type Preflight = (v: View) => Blocked | undefined;
