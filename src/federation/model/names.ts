/** Where a federation keeps its own things, in its own API and in each member. */
export const NAMESPACE = 'haup-federation';

/** What `haup federation init` was told: a ConfigMap. */
export const SETTINGS = 'federation';
export const SETTINGS_PATH = `/api/v1/namespaces/${NAMESPACE}/configmaps/${SETTINGS}`;
/** Where the controller says what is wrong with no member in particular: a ConfigMap. */
export const REPORT = 'report';
export const REPORT_PATH = `/api/v1/namespaces/${NAMESPACE}/configmaps/${REPORT}`;

/** On everything that a federation has put into a member: the federation's name. What has it not is nobody's business here. */
export const FEDERATION_LABEL = 'federation.haup.dev/name';
/** Beside it: which federation of that name, since one that was made anew has never put anything there. */
export const UID_ANNOTATION = 'federation.haup.dev/uid';
/** Beside it: `namespace/name` of the object that it was put on, since whoever copies an object copies its marks. */
export const OBJECT_ANNOTATION = 'federation.haup.dev/object';
/** Beside it: the digest of the form that was applied last, so that what is wanted no more is taken away too. */
export const FORM_ANNOTATION = 'federation.haup.dev/form';
/** Whatever begins so is the federation's own affair, and no member's. */
export const OWN_PREFIX = 'federation.haup.dev/';

/** On a federated object: which clusters get it, and how much of it. */
export const PLACEMENT_ANNOTATION = 'federation.haup.dev/placement';

/** Of all applies into members. */
export const FIELD_MANAGER = 'haup-federation';

export const CLUSTERS_API = 'federation.haup.dev/v1alpha1';
export const PROFILES_API = 'multicluster.x-k8s.io/v1alpha1';
