import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from './files.ts';

/** A version 1 control group hierarchy, by the controllers that it is for. */
export interface Hierarchy {
  readonly controllers: readonly string[];
  /** Where the host has it mounted. */
  readonly path: string;
}

/** Mount options of a version 1 hierarchy that are no controllers. */
const OPTIONS =
  /^(rw|ro|nosuid|nodev|noexec|(rel|no|strict)atime|(no)?xattr|noprefix|clone_children|name=.*|release_agent=.*)$/;

/** The version 1 hierarchies with controllers, from the text of /proc/self/mounts. */
export function parseHierarchies(mounts: string): Hierarchy[] {
  return mounts.split('\n').flatMap((line) => {
    const [, path, type, options = ''] = line.split(' ');
    if (type !== 'cgroup' || !path) return [];
    const controllers = options.split(',').filter((option) => !OPTIONS.test(option));
    return controllers.length === 0 ? [] : [{ controllers, path }];
  });
}

/**
 * The version 1 hierarchies in which a machine needs groups of its own; none where version 2 has the controllers.
 * @param cgroups where the host has the cgroup2 hierarchy
 */
export async function hierarchiesInUse(cgroups: string): Promise<Hierarchy[]> {
  if (await hasControllers(cgroups)) return [];
  return parseHierarchies(await readFile('/proc/self/mounts', 'utf8'));
}

/** Whether limits can be set in version 2: a controller is in one hierarchy, of one version, at a time. */
export async function hasControllers(cgroups: string): Promise<boolean> {
  const controllers = (await readText(join(cgroups, 'cgroup.controllers'))) ?? '';
  return controllers.trim().split(/\s+/).includes('memory');
}
