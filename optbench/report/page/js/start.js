"use strict";
optbench.start();
