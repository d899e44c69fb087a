/** `0.4s`, `12s`, `3m05s`, `1h02m`: as short as is still of use. */
export function elapsed(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

/** `90s`, `30m`, `1h30m`: as --timeout takes it. Whole seconds. */
export function spokenDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120 && seconds % 60 !== 0) return `${seconds}s`;
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts.map(([value, unit]) => (value > 0 ? `${value}${unit}` : '')).join('');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `03:09:20`, UTC. */
export function clockTime(now: number): string {
  return new Date(now).toISOString().slice(11, 19);
}
