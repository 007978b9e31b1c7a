import ControlClient

ControlProgram().main()
