/** For people. */
export const NAMESPACE = 'lab';

/** For stories: each takes one of its own. */
export const STORY_NAMESPACES = Array.from({ length: 24 }, (_, index) => `lab-${index + 1}`);

/** Named in KubeadmConfigs as the source of a file: step pods may read these. */
export const CONTENT_SECRETS = ['audit-policy'];
