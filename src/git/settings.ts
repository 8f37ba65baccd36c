import { readRegular } from '../host/files.ts'
import { parseGitConfig, type GitSetting } from './config.ts'

const CONFIG_LIMIT = 1024 * 1024

/** The settings of one config file, without what it includes; none if it is no readable regular file. */
export function readConfig(path: string): GitSetting[] {
  return parseGitConfig(readRegular(path, CONFIG_LIMIT)?.toString('utf8') ?? '')
}
