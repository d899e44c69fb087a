import type { Flags } from './unit.ts';

/** New programs that behave like an older minor, and store nothing that it could not read, so that it can be gone back to (KEP-4330). */
export function emulation({ emulated }: { readonly emulated?: string | undefined }): Flags {
  if (emulated === undefined) return {};
  return { 'emulated-version': `kube=${emulated}`, 'min-compatibility-version': `kube=${emulated}` };
}
