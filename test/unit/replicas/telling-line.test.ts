import { expect, test } from 'vitest';
import { tellingLine } from '../../../src/replicas/telling-line.ts';

test('the line that says why a program ended is found among those that do not', () => {
  const etcd = [
    '2026-11-25T12:00:00.000Z\tinfo\tembed/etcd.go:378\tclosing etcd server',
    '2026-11-25T12:00:00.001Z\tfatal\tetcdmain/etcd.go:183\tdiscovery failed\t{"error": "error validating peerURLs: member count is unequal"}',
    '2026-11-25T12:00:00.500Z\tinfo\tetcdmain/etcd.go:64\tRunning: \t{"args": []}',
    '2026-11-25T12:00:00.501Z\twarn\tflags/flag.go:94\tunrecognized environment variable',
  ];
  expect(tellingLine(etcd.join('\n'))).toBe(etcd[1]);
  const klog = [
    'I1125 12:00:00 server.go:1] starting',
    'E1125 12:00:01 run.go:72] "command failed" err="x509"',
    'W1125 bye',
  ];
  expect(tellingLine(klog.join('\n'))).toBe(klog[1]);
  const containerd = [
    'containerd: failed to load TOML: /etc/haup/current/config/containerd.toml: (1, 11): no value can start with m',
    'containerd.service: Main process exited, code=exited, status=1/FAILURE',
    "containerd.service: Failed with result 'exit-code'.",
    'Failed to start containerd.service - Container runtime.',
    'containerd.service: Scheduled restart job, restart counter is at 5.',
  ];
  expect(tellingLine(containerd.join('\n'))).toBe(containerd[0]);
  expect(tellingLine(containerd[3]!)).toBe(containerd[3]);
  expect(tellingLine('one\ntwo\n')).toBe('two');
  expect(tellingLine('')).toBe('');
});
