/** A folder of manifests that haup cannot take: which file, and what is wrong with it. Exit code 2. */
export class AddonError extends Error {
  override readonly name = 'AddonError';
}
