// Jest 29: newer majors need optional native packages that make `npm ci` depend on the platform.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/jest-strip-types.js' },
  modulePathIgnorePatterns: ['<rootDir>/(out|bundle|dist)/'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(apiserver|host|lab|e2e)/'],
};
