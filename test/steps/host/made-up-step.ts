// A scenario with every kind of action: two binaries, files replaced, made and removed, a command, other work.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Action, NodeStep } from '../../../src/steps/node/node-step.ts';
import type { Host } from '../../../src/steps/host/host.ts';
import type { MakeScenario } from './scenario.ts';
import { stepContext } from './step-context.ts';
import { putFile } from './temp-host.ts';

const STAGE = '/var/lib/refit/stage/r1';
const BINARIES = ['alpha', 'beta'];
const CONFIG = '/etc/app/app.conf';
const DROP_IN = '/etc/app.d/sub/10-new.conf';
const OBSOLETE = '/etc/app/old.conf';
/** What the command makes of what is installed: stands for a service that was restarted. */
const RUNNING = '/run/app';
const NOTES = '/var/lib/refit/notes';

const [OLD, NEW] = ['old '.repeat(40), 'new '.repeat(40)];

const makeScenario: MakeScenario = (root) => ({
  context: stepContext(),
  step: madeUpStep(root),
  arrange: async () => {
    for (const name of BINARIES) {
      await putFile(root, `/usr/bin/${name}`, `${OLD}${name}`, 0o755);
      await putFile(root, `${STAGE}/${name}`, `${NEW}${name}`, 0o600);
    }
    await putFile(root, CONFIG, OLD, 0o640);
    await putFile(root, OBSOLETE, OLD, 0o600);
    await putFile(root, RUNNING, `${OLD}alpha`);
    await putFile(root, '/etc/passwd', `root:x:${process.getuid?.()}:\n`);
    await putFile(root, '/etc/group', `root:x:${process.getgid?.()}:\n`);
  },
});
export default makeScenario;

/** Like `systemctl restart`: what runs then is what is installed. */
function restart(root: string): [string, ...string[]] {
  const [from, to] = [join(root, '/usr/bin/alpha'), join(root, RUNNING)];
  return ['sh', '-c', `cat "$0" > "$1.next" && mv "$1.next" "$1"`, from, to];
}

function madeUpStep(root: string): NodeStep {
  const isNew = async ({ files }: Host, path: string, content: string): Promise<boolean> =>
    String(await files.read(path)) === content;
  return {
    name: 'kubelet',
    async prepare(host) {
      const actions: Action[] = [];
      for (const name of BINARIES) {
        const [to, content] = [`/usr/bin/${name}`, `${NEW}${name}`];
        const sha256 = createHash('sha256').update(content).digest('hex');
        if (await isNew(host, to, content)) continue;
        actions.push({ do: 'install', from: `${STAGE}/${name}`, to, sha256, change: { what: name } });
      }
      for (const path of [CONFIG, DROP_IN]) {
        if (await isNew(host, path, NEW)) continue;
        actions.push({ do: 'write', path, content: Buffer.from(NEW), mode: 0o644, change: { what: path } });
      }
      if (await host.files.status(OBSOLETE)) {
        actions.push({ do: 'remove', path: OBSOLETE, change: { what: OBSOLETE } });
      }
      if (!(await isNew(host, RUNNING, `${NEW}alpha`))) actions.push({ do: 'run', argv: restart(root) });
      const note = () => host.files.write(NOTES, 'done', { mode: 0o600 });
      if (!(await isNew(host, NOTES, 'done')))
        actions.push({ do: 'work', what: 'take notes', perform: note });
      return { refusals: [], actions, notes: [] };
    },
    problems: async (host) =>
      (await isNew(host, RUNNING, `${NEW}alpha`)) ? [] : [`${RUNNING}: got another, expected the new alpha`],
    restoration: async () => [restart(root)],
  };
}
