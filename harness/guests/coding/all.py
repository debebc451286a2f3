"""The test suite in Python: every module against known values, then all of them with the salt. Prints one
number."""

import importlib
import os
import sys
import unittest

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(HERE, "lib"))
sys.dont_write_bytecode = True

MODULES = [
    importlib.import_module(name[:-3])
    for name in sorted(os.listdir(os.path.join(HERE, "lib")))
    if name.startswith("module")
]


class Known(unittest.TestCase):
    def test_known_values(self):
        for module in MODULES:
            for value, expected in module.KNOWN:
                self.assertEqual(module.mix(value), expected, module.__name__)


from salt import SALT

checksum = 2166136261
for module in MODULES:
    checksum = (checksum ^ module.mix(SALT)) * 16777619 & 0xFFFFFFFF
result = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(
    unittest.defaultTestLoader.loadTestsFromTestCase(Known)
)
print(checksum if result.wasSuccessful() else "failed")
