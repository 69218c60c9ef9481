// SPDX-License-Identifier: Apache-2.0
// An ACPI power meter (ACPI 6.4, section 10.4) whose power rises by 1 W each second, from 200 W to 299 W, and again.
DefinitionBlock ("pm.aml", "SSDT", 2, "LAB", "PWRMETER", 1)
{
  External (\_SB.PCI0, DeviceObj)
  Scope (\_SB)
  {
    Device (PMT0)
    {
      Name (_HID, "ACPI000D")
      Name (_UID, 0)
      Method (_STA) { Return (0x0F) }
      // Flags (it measures), unit (mW), type (input power), accuracy (98 %, in 1/1000 %), sampling time (ms), shortest
      // and longest averaging interval (ms), hysteresis, cap can be set, lowest cap, highest cap, model, serial, OEM.
      Name (_PMC, Package () { 0x1, 0, 0, 98000, 1000, 1000, 300000, 0, 0, 0, 0, "LAB-PM", "0001", "LAB" })
      Method (_PMM) { Return (200000 + ((Timer / 10000000) % 100) * 1000) } // Timer: in 100 ns
      Method (_PMD) { Return (Package () { \_SB.PCI0 }) }
      Name (AVI, 1000)
      Method (_GAI) { Return (AVI) }
      Method (_PAI, 1) { AVI = Arg0 Return (0) }
    }
  }
}
