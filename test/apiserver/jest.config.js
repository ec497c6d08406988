// Against a real kube-apiserver: run.ts starts it and sets REFIT_TEST_KUBECONFIG.
import { globSync, readFileSync } from 'node:fs';
import base from '../../jest.config.js';

const root = new URL('../../', import.meta.url);

/** Of the store's own tests those that can run on either, see test/helpers/test-cluster.ts. */
const shared = globSync('test/hook/kubernetes/*.test.ts', { cwd: root }).filter((file) =>
  readFileSync(new URL(file, root), 'utf8').includes('test-cluster.ts'),
);

export default {
  ...base,
  rootDir: '../..',
  testMatch: ['test/apiserver/*.test.ts', ...shared].map((file) => `<rootDir>/${file}`),
  testPathIgnorePatterns: ['/node_modules/'],
};
