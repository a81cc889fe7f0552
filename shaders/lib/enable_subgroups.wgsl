// Comes first in shaders that need the feature `subgroups`. Their branches are uniform in each quad, which is enough for the threads of
// a quad to read from each other. WGSL's check asks for more, so the check is off.
enable subgroups;
diagnostic(off, subgroup_uniformity);
