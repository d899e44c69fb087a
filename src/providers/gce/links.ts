import type { Context } from './cloud.ts';

/** The URL of a resource of this project, as the fields of other resources take it. */
export async function linkTo({ cloud }: Context, path: string): Promise<string> {
  return `https://www.googleapis.com/compute/v1/projects/${await cloud.project()}/${path}`;
}
