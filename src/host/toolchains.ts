/**
 * Where version managers and language tools put programs in a home directory. Only the parts that hold
 * programs: credentials that live next to them (`~/.cargo/credentials.toml`, `~/.npmrc`) stay outside.
 */
export interface Toolchain {
  name: string
  /** Relative to the home. */
  paths: readonly string[]
  /** A variable that moves it: the value is used in place of the first path, and passed. */
  variable?: string
  /** What of the moved directory is shown; all of it if absent. */
  below?: string
}

export const toolchains: readonly Toolchain[] = [
  { name: 'nvm', paths: ['.nvm'], variable: 'NVM_DIR' },
  { name: 'fnm', paths: ['.local/share/fnm', '.fnm'], variable: 'FNM_DIR' },
  { name: 'n', paths: ['n'], variable: 'N_PREFIX' },
  { name: 'nodenv', paths: ['.nodenv'], variable: 'NODENV_ROOT' },
  { name: 'volta', paths: ['.volta'], variable: 'VOLTA_HOME' },
  { name: 'mise', paths: ['.local/share/mise'], variable: 'MISE_DATA_DIR' },
  { name: 'asdf', paths: ['.asdf'], variable: 'ASDF_DATA_DIR' },
  { name: 'pnpm', paths: ['.local/share/pnpm'], variable: 'PNPM_HOME' },
  { name: 'bun', paths: ['.bun/bin'], variable: 'BUN_INSTALL', below: 'bin' },
  { name: 'deno', paths: ['.deno/bin'], variable: 'DENO_INSTALL', below: 'bin' },
  { name: 'pyenv', paths: ['.pyenv'], variable: 'PYENV_ROOT' },
  { name: 'uv', paths: ['.local/share/uv'] },
  { name: 'pipx', paths: ['.local/share/pipx', '.local/pipx'], variable: 'PIPX_HOME' },
  { name: 'conda', paths: ['miniconda3', 'anaconda3', 'miniforge3'] },
  { name: 'rustup', paths: ['.rustup'], variable: 'RUSTUP_HOME' },
  { name: 'cargo', paths: ['.cargo/bin'], variable: 'CARGO_HOME', below: 'bin' },
  { name: 'go', paths: ['go/bin'], variable: 'GOPATH', below: 'bin' },
  { name: 'goroot', paths: ['.go', 'sdk'], variable: 'GOROOT' },
  { name: 'rbenv', paths: ['.rbenv'], variable: 'RBENV_ROOT' },
  { name: 'rvm', paths: ['.rvm'] },
  { name: 'sdkman', paths: ['.sdkman/candidates'], variable: 'SDKMAN_DIR', below: 'candidates' },
  { name: 'jenv', paths: ['.jenv'] },
  { name: 'ghcup', paths: ['.ghcup'] },
  { name: 'juliaup', paths: ['.juliaup'] },
  { name: 'dotnet', paths: ['.dotnet'], variable: 'DOTNET_ROOT' },
  { name: 'npm prefix', paths: ['.npm-global', '.npm-packages'] },
  { name: 'local programs', paths: ['.local/bin', '.local/lib/node_modules'] },
  { name: 'linuxbrew', paths: ['.linuxbrew'] },
]
