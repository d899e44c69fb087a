import { shellScript } from '../../ssh/script.ts';

const everyBoot = shellScript('providers/gce/scripts/every-boot.sh', ['script']);

/**
 * GCE's guest agent runs `startup-script` at every boot (Google, "Use startup scripts on Linux VMs"); haup's boot script
 * is for the first one. This wraps it so that it runs until it has succeeded once.
 */
export function bootScriptEveryBoot(script: string): string {
  return everyBoot({ script });
}
