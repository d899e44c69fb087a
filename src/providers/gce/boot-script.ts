import { createHash } from 'node:crypto';

/**
 * GCE's guest agent runs `startup-script` at every boot (Google, "Use startup scripts on Linux VMs"); haup's boot script
 * is for the first one. This wraps it so that it runs until it has succeeded once.
 * The delimiter is derived from the script, so that no script can end the here-document.
 */
export function bootScriptEveryBoot(script: string): string {
  const end = `HAUP_${createHash('sha256').update(script).digest('hex').slice(0, 16)}`;
  return [
    '#!/bin/sh',
    'set -eu',
    'done=/var/lib/haup/first-boot',
    'if [ -e "$done" ]; then exit 0; fi',
    'mkdir -p /var/lib/haup',
    'script=$(mktemp)',
    `trap 'rm -f "$script"' EXIT`,
    `cat >"$script" <<'${end}'`,
    script.replace(/\n$/, ''),
    end,
    '/bin/sh "$script"',
    'touch "$done"',
    '',
  ].join('\n');
}
