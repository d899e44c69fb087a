import type { Context } from './cloud.ts';

/** The URL of a resource of this project, as the fields of other resources take it. */
export async function linkTo({ cloud }: Context, path: string): Promise<string> {
  return `https://www.googleapis.com/compute/v1/projects/${await cloud.project()}/${path}`;
}

/** The same of the network, which may be another project's. */
export async function linkToNetwork(context: Context, network: string): Promise<string> {
  return network.startsWith('projects/')
    ? `https://www.googleapis.com/compute/v1/${network}`
    : linkTo(context, network);
}
