/** Rule: what the READMEs show compiles against the declarations that are published. */
import { dirname, join, resolve } from 'node:path'
import { expect } from 'chai'
import * as ts from 'typescript'
import { blocks, chinese, english, root } from '../readme'

const samples = new Map([english, chinese].flatMap((text, index) => {
  return blocks(text, 'ts').map((code, number) => [join(root, `readme.${index}.${number}.ts`), code])
}))

function options(paths: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  return {
    ...options,
    rootDir: root,
    composite: false,
    incremental: false,
    emitDeclarationOnly: false,
    paths: { 'koishi-plugin-qq-user': [paths] },
  }
}

/** What is read from the disk is parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>()

/** Files, some of which exist in memory only. */
function compile(roots: string[], options: ts.CompilerOptions, files = new Map<string, string>()) {
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = file => files.has(file) || fileExists(file)
  host.readFile = file => files.get(file) ?? readFile(file)
  host.getSourceFile = (file, ...rest) => {
    if (!files.has(file) && !parsed.has(file)) parsed.set(file, getSourceFile(file, ...rest))
    return files.has(file) ? getSourceFile(file, ...rest) : parsed.get(file)
  }
  const folders = new Set([...files.keys()].map(dirname))
  host.directoryExists = folder => folders.has(folder) || ts.sys.directoryExists(folder)
  return ts.createProgram(roots, options, host)
}

function complaints(program: ts.Program) {
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName ?? ''} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

/** The declarations that the build emits. */
function declare(folder: string) {
  const files = new Map<string, string>()
  // the source is checked elsewhere
  const settings = { ...options(join(root, 'src')), rootDir: join(root, 'src'), outDir: folder, declaration: true, noCheck: true }
  const program = compile([join(root, 'src/index.ts'), ...types], settings)
  program.emit(undefined, (file, text) => files.set(resolve(file), text), undefined, true)
  return files
}

const types = [require.resolve('yml-register/types')]

describe('the examples of the READMEs', () => {
  it('compile against what is published', () => {
    const folder = join(root, 'declarations')
    const declarations = declare(folder)
    expect([...declarations.keys()]).to.include(join(folder, 'index.d.ts'))
    const program = compile([...samples.keys()], { ...options(folder), noEmit: true }, new Map([...samples, ...declarations]))
    expect(complaints(program)).to.deep.equal([])
  })
})
