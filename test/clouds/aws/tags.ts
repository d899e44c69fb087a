import type { Tag, TagSpecification } from '@aws-sdk/client-ec2';
import { refuse } from './refusal.ts';

/** The tags for one of the resource types that a creating call names. EC2 reference, TagSpecification. */
export function newTags(specifications: readonly TagSpecification[] | undefined, type: string): Tag[] {
  const mine = (specifications ?? []).find((one) => one.ResourceType === type)?.Tags ?? [];
  return checked(mine);
}

/** EC2 user guide, "Tag restrictions": at most 50, keys unique and up to 128 characters, values up to 256. */
export function checked(tags: readonly { Key?: string | undefined; Value?: string | undefined }[]): Tag[] {
  const keys = tags.map((tag) => tag.Key ?? '');
  if (new Set(keys).size < keys.length || keys.length > 50)
    refuse('InvalidParameterValue', 'Tag keys must be unique, and at most 50');
  return tags.map(({ Key = '', Value = '' }) => {
    if (
      Key === '' ||
      Key.length > 128 ||
      Value.length > 256 ||
      /^aws:/i.test(Key) ||
      !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(Key + Value)
    )
      refuse('InvalidParameterValue', `The tag ${Key} is invalid`);
    return { Key, Value };
  });
}
