import { Select, Textarea, TextInput } from '@mantine/core'
import { isScript, textOf } from './draft.ts'
import type { StepPartProps } from './StepFields.tsx'

const monospace = { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }

/** The text that a shell gets, and of a script who reads it. */
export const ShellFields = ({ step, at, set }: StepPartProps) => {
  const textField = isScript(step) ? 'script' : 'command'
  return (
    <>
      <Textarea
        {...at(textField)}
        label={isScript(step) ? 'Script' : 'Command'}
        autosize
        minRows={isScript(step) ? 6 : 2}
        maxRows={40}
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        styles={monospace}
        value={textOf(step)}
        onChange={({ currentTarget }) => set({ [textField]: currentTarget.value }, textField)}
      />
      {step.type === 'winrm.exec' && (
        <Select
          {...at('shell')}
          label="Shell"
          data={[
            { value: 'powershell', label: 'PowerShell' },
            { value: 'cmd', label: 'cmd, one line' },
          ]}
          value={step.shell ?? 'powershell'}
          allowDeselect={false}
          onChange={(shell) => set({ shell: shell ?? 'powershell' }, 'shell')}
        />
      )}
      {isScript(step) && step.type !== 'winrm.script' && (
        <TextInput
          {...at('interpreter')}
          label="Interpreter"
          placeholder="sh"
          value={step.interpreter ?? ''}
          onChange={({ currentTarget }) => set({ interpreter: currentTarget.value || undefined }, 'interpreter')}
        />
      )}
    </>
  )
}
