import { walkThrough } from './house.ts'

walkThrough('with four processes, one for each service', 'apart')
