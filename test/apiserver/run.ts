// `node test/apiserver/run.ts [jest arguments]`: the tests that need a real API server, and one for them.
import { fileURLToPath } from 'node:url';
import { runJest } from '../helpers/run-jest.ts';
import { runMain } from '../helpers/run-main.ts';
import { tool } from '../tools/build.ts';
import { startControlPlane } from './control-plane.ts';
import { installCrds } from './crds.ts';

const configPath = fileURLToPath(new URL('jest.config.js', import.meta.url));

/** Resolves with Jest's exit code. Errors: what of the preparations failed. */
async function main(jestArguments: string[]): Promise<number> {
  // Their first build would outlast the limit of the test that starts them.
  await tool('workflow-controller');
  await tool('capi-judge');
  const controlPlane = await startControlPlane();
  try {
    await installCrds(controlPlane.kubeconfigPath);
    return await runJest(['--config', configPath, ...jestArguments], {
      REFIT_TEST_KUBECONFIG: controlPlane.kubeconfigPath,
    });
  } finally {
    await controlPlane.stop();
  }
}

await runMain(main);
