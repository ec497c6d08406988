import { parse } from 'yaml';
import { HAND_COMMANDS, type StepCommand } from '../../api/commands.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { parsePolicy, releasesOf, type Policy, type Release } from '../../api/policy.ts';
import type { StepFlags } from '../api/api-step.ts';

export type NamedRelease = Release & { name: string };

/** They bring only the program, no components: any release does when there is none of the version any more. */
const ANY_RELEASE: readonly StepCommand[] = ['finish', ...HAND_COMMANDS];

/** The release whose image works on the node. `imageMap` is the text of the file. Errors: BadInput. */
export function chooseRelease(
  imageMap: string,
  { release: name }: Pick<StepFlags, 'release'>,
  kubernetes: string,
  command: StepCommand,
): NamedRelease {
  const policy = readImageMap(imageMap);
  const matching = releasesOf(policy, kubernetes) ?? [];
  const named = matching.find((candidate) => candidate.name === name);
  if (named !== undefined) return named;
  const isAnyGood = ANY_RELEASE.includes(command);
  if (name !== '' && !isAnyGood) {
    const names = matching.map((candidate) => candidate.name).join(', ') || 'none';
    throw badInput('--release', name, `a release of Kubernetes ${kubernetes} in the image map (${names})`);
  }
  const chosen = matching.at(-1) ?? (isAnyGood ? anyRelease(policy) : undefined);
  if (chosen === undefined) {
    const versions = [...new Set(Object.values(policy.imageMap ?? {}).map((each) => each.kubernetes))];
    throw badInput(
      '--kubernetes-version',
      kubernetes,
      `one in the image map (${versions.join(', ') || 'none'})`,
    );
  }
  return chosen;
}

function anyRelease(policy: Policy): NamedRelease | undefined {
  const [last] = Object.entries(policy.imageMap ?? {}).slice(-1);
  return last && { name: last[0], ...last[1] };
}

function readImageMap(content: string): Policy {
  let imageMap: unknown;
  try {
    imageMap = parse(content) ?? {};
  } catch {
    throw new StatusError('image map: expected YAML', { reason: 'BadInput' });
  }
  return parsePolicy({ imageMap });
}
