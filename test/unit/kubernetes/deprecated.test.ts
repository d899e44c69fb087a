import { expect, test } from 'vitest';
import { readUses } from '../../../src/kubernetes/deprecated.ts';

test('an API server says which versions of resources somebody has used that will go, and when', () => {
  const metrics = `# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested
# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="example.com",removed_release="1.37",resource="widgets",subresource="",version="v1beta1"} 1
apiserver_requested_deprecated_apis{group="",removed_release="",resource="componentstatuses",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="example.com",removed_release="1.38",resource="gadgets",subresource="",version="v1beta1"} 0
apiserver_request_total{code="200"} 7
`;
  expect(readUses(metrics)).toEqual([{ resource: 'example.com/v1beta1 widgets', removedIn: 37 }]);
});
