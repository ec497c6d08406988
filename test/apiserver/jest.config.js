// Against a real kube-apiserver: run.ts starts it and sets REFIT_TEST_KUBECONFIG.
import base from '../../jest.config.js';

export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/apiserver/*.test.ts', '<rootDir>/test/hook/kubernetes/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 30_000,
};
