import { walkThrough } from './house.ts'

walkThrough('with all services in one process', 'together')
