import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { AddonError } from './errors.ts';
import { type KubernetesObject, objectSchema } from './object.ts';

/**
 * The objects in a folder's manifests (*.yaml, *.yml, *.json; not below it), in the order of the files' names. Lists are taken apart.
 * @throws AddonError
 */
export function readManifests(folder: string): KubernetesObject[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new AddonError(`${folder} cannot be read: ${(error as Error).message}`);
  }
  const files = names.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  if (files.length === 0) throw new AddonError(`${folder} holds no manifest (*.yaml, *.yml, *.json)`);
  return files.flatMap((file) => readManifest(join(folder, file)));
}

function readManifest(path: string): KubernetesObject[] {
  const documents = parseAllDocuments(readFileSync(path, 'utf8'));
  return [...documents].flatMap((document) => {
    const fault = document.errors[0];
    if (fault) throw new AddonError(`${path} is not YAML: ${fault.message.split('\n')[0]}`);
    return objectsIn(document.toJS(), path);
  });
}

function objectsIn(value: unknown, path: string): KubernetesObject[] {
  if (value === null || value === undefined) return [];
  const items = (value as { kind?: unknown; items?: unknown }).items;
  if ((value as { kind?: unknown }).kind === 'List' && Array.isArray(items))
    return items.flatMap((item) => objectsIn(item, path));
  const object = objectSchema.safeParse(value);
  if (object.success) return [object.data];
  const issue = object.error.issues[0];
  throw new AddonError(
    `${path} holds what is no Kubernetes object: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}
