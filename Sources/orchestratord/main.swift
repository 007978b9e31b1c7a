import Daemon
import Providers

await Program(adapters: Builtin.adapters).main()
