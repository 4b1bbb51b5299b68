/**
 * Text as a PowerShell string that holds exactly that: in single quotes, with every quote doubled. PowerShell takes the
 * typographic ones (U+2018 to U+201B) for single quotes, too. about_Quoting_Rules
 */
export const quoteForPowerShell = (text: string): string => `'${text.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`
