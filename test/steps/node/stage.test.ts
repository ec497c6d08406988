import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stage } from '../../../src/steps/node/stage.ts';
import { readStaged } from '../../../src/steps/node/staged.ts';
import { contextFor, writeRelease } from './release.ts';
import {
  answerVersions,
  BROUGHT,
  createStageSite,
  ELF,
  STAGED,
  VERSIONS,
  type StageSite,
} from './stage-site.ts';

let site: StageSite;
beforeEach(async () => {
  site = await createStageSite();
});
afterEach(() => site.host.remove());

describe('the actions of stage', () => {
  it('copy each file, ask for versions, and write the manifest last', async () => {
    const { actions, refusals } = await stage.prepare(site.host, contextFor(site.brought));
    expect(refusals).toEqual([]);
    const versions = { kubernetes: 'v1.34.4', containerd: 'v2.1.4', cni: 'v1.7.1' };
    expect(actions.slice(0, 10)).toEqual(
      site.brought.files.map(({ component, name, sha256 }) => {
        const [from, to] = [`${BROUGHT}/${component}/${name}`, `${STAGED}/${component}/${name}`];
        return { do: 'install', from, to, sha256, change: { what: to, to: versions[component], sha256 } };
      }),
    );
    expect(actions.slice(10)).toEqual([
      expect.objectContaining({ do: 'work', what: `ask the programs in ${STAGED} for their versions` }),
      expect.objectContaining({ do: 'write', path: `${STAGED}/components.json`, mode: 0o600 }),
    ]);
  });

  it('begin with the removal of the manifest of another release of that name', async () => {
    await writeRelease(site.host, STAGED, { ...VERSIONS, kubernetes: 'v1.34.3' }, ELF);
    const { actions } = await stage.prepare(site.host, contextFor(site.brought));
    expect(actions.map((action) => ('path' in action ? `${action.do} ${action.path}` : action.do))).toEqual([
      `remove ${STAGED}/components.json`,
      'install',
      'install',
      'install',
      'work',
      `write ${STAGED}/components.json`,
    ]);
  });
});

describe('stage', () => {
  it('leaves a whole folder, and nothing to do the next time', async () => {
    expect((await site.perform(site.brought)).result).toMatchObject({ outcome: 'changed' });
    expect(await readStaged(site.host, 'r1')).toEqual({ ...site.brought, folder: STAGED });
    expect((await site.host.files.status(`${STAGED}/kubernetes/kubelet`))?.mode).toBe(0o755);
    expect((await site.host.files.status(STAGED))?.mode).toBe(0o700);
    expect(site.host.commands.filter(([name]) => name?.startsWith(STAGED))).toEqual([
      [`${STAGED}/kubernetes/kubeadm`, 'version', '-o', 'short'],
      [`${STAGED}/kubernetes/kubelet`, '--version'],
      [`${STAGED}/kubernetes/kubectl`, 'version', '--client'],
      [`${STAGED}/containerd/containerd`, '--version'],
      [`${STAGED}/cni/loopback`, '--version'],
    ]);
    expect((await site.perform(site.brought, 'machine-1-2')).result).toMatchObject({
      outcome: 'unchanged',
      changes: [],
    });
  });

  it('copies only what is not there yet, and what has changed since', async () => {
    await site.perform(site.brought);
    await site.host.files.write(`${STAGED}/kubernetes/kubelet`, 'half', { mode: 0o755 });
    const { result } = await site.perform(site.brought, 'machine-1-2');
    expect(result.changes.map(({ what }) => what)).toEqual([
      `${STAGED}/components.json`,
      `${STAGED}/kubernetes/kubelet`,
      `${STAGED}/components.json`,
    ]);
    expect(await site.host.files.sha256(`${STAGED}/kubernetes/kubelet`)).toBe(site.brought.files[1]?.sha256);
  });

  it('does not need to know the version of a CNI plugin', async () => {
    answerVersions(site.host, { 'cni/loopback': 'CNI loopback plugin version unknown\n' });
    expect((await site.perform(site.brought)).result.outcome).toBe('changed');
  });
});
