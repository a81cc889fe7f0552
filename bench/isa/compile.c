/*
 * Compiles SPIR-V compute shaders with a Vulkan driver, and prints the driver's statistics and listings of each. No shader runs on
 * the device, which may be one that the driver only simulates.
 *
 * Input, a line for each shader: a file, a tab, and a letter for each binding of set 0: u (uniform), s (storage), or - (none).
 * Output, in the same order: "@shader FILE"; for each executable of the pipeline (Intel's driver may make several, by the size of
 * a wave) "@executable NAME<tab>SUBGROUP SIZE", lines of "@statistic NAME<tab>VALUE", and listings, each as "@text NAME", the text
 * and "@end text"; then "@end". A shader that the driver refused has "@error CODE" instead, and one that ended it "@died SIGNAL".
 * The first line is "@device NAME".
 *
 * WEBVERA_ISA_UNCHECKED=1 turns off the driver's own checks of indices, for SPIR-V that has Dawn's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vulkan/vulkan.h>

#define MOST_BINDINGS 32
#define MOST 64
#define MOST_EXTENSIONS 1024
/* Bytes of the push constants in which Dawn passes facts of the dispatch to shaders. */
#define PUSH_CONSTANT_BYTES 128

static PFN_vkGetPipelineExecutablePropertiesKHR get_executables;
static PFN_vkGetPipelineExecutableStatisticsKHR get_statistics;
static PFN_vkGetPipelineExecutableInternalRepresentationsKHR get_representations;

static void check(VkResult result, const char *what) {
  if (result == VK_SUCCESS || result == VK_INCOMPLETE) return;
  fprintf(stderr, "%s: VkResult %d\n", what, result);
  exit(1);
}

static VkPhysicalDevice first_device(void) {
  VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_3};
  VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
  VkInstance instance;
  check(vkCreateInstance(&info, NULL, &instance), "vkCreateInstance");
  uint32_t count = 1;
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  VkResult result = vkEnumeratePhysicalDevices(instance, &count, &physical);
  if ((result != VK_SUCCESS && result != VK_INCOMPLETE) || count == 0) {
    fprintf(stderr, "The driver has no such device (VkResult %d)\n", result);
    exit(1);
  }
  return physical;
}

static int has(VkPhysicalDevice physical, const char *name) {
  static VkExtensionProperties all[MOST_EXTENSIONS];
  uint32_t count = MOST_EXTENSIONS;
  check(vkEnumerateDeviceExtensionProperties(physical, NULL, &count, all), "vkEnumerateDeviceExtensionProperties");
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(all[i].extensionName, name) == 0) return 1;
  return 0;
}

/* The device may lack the last one. */
static const char *const EXTENSIONS[] = {VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME,
                                         VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME};

/* Opens the device with all of its features, like Dawn. */
static VkDevice open_device(VkPhysicalDevice physical) {
  int with_matrices = has(physical, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR executables = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
      .pNext = with_matrices ? &matrices : NULL};
  VkPhysicalDeviceVulkan13Features v13 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
                                          .pNext = &executables};
  VkPhysicalDeviceVulkan12Features v12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .pNext = &v13};
  VkPhysicalDeviceVulkan11Features v11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &v12};
  VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &v11};
  vkGetPhysicalDeviceFeatures2(physical, &features);
  if (getenv("WEBVERA_ISA_UNCHECKED") != NULL) features.features.robustBufferAccess = 0;
  float priority = 1;
  VkDeviceQueueCreateInfo queue = {
      .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority};
  VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                             .pNext = &features,
                             .queueCreateInfoCount = 1,
                             .pQueueCreateInfos = &queue,
                             .enabledExtensionCount = with_matrices ? 2 : 1,
                             .ppEnabledExtensionNames = EXTENSIONS};
  VkDevice device;
  check(vkCreateDevice(physical, &info, NULL, &device), "vkCreateDevice");
#define GET(name) (PFN_##name) vkGetDeviceProcAddr(device, #name)
  get_executables = GET(vkGetPipelineExecutablePropertiesKHR);
  get_statistics = GET(vkGetPipelineExecutableStatisticsKHR);
  get_representations = GET(vkGetPipelineExecutableInternalRepresentationsKHR);
  return device;
}

static VkPipelineLayout make_layout(VkDevice device, const char *bindings) {
  VkDescriptorSetLayoutBinding entries[MOST_BINDINGS];
  uint32_t count = 0;
  for (uint32_t i = 0; bindings[i] != '\0' && i < MOST_BINDINGS; i++) {
    if (bindings[i] == '-') continue;
    entries[count++] = (VkDescriptorSetLayoutBinding){
        .binding = i,
        .descriptorType = bindings[i] == 'u' ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
        .descriptorCount = 1,
        .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
  }
  VkDescriptorSetLayoutCreateInfo set_info = {
      .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = count, .pBindings = entries};
  VkDescriptorSetLayout set;
  check(vkCreateDescriptorSetLayout(device, &set_info, NULL, &set), "vkCreateDescriptorSetLayout");
  VkPushConstantRange constants = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = PUSH_CONSTANT_BYTES};
  VkPipelineLayoutCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                     .setLayoutCount = 1,
                                     .pSetLayouts = &set,
                                     .pushConstantRangeCount = 1,
                                     .pPushConstantRanges = &constants};
  VkPipelineLayout layout;
  check(vkCreatePipelineLayout(device, &info, NULL, &layout), "vkCreatePipelineLayout");
  return layout;
}

static VkShaderModule read_module(VkDevice device, const char *file) {
  FILE *stream = fopen(file, "rb");
  if (stream == NULL || fseek(stream, 0, SEEK_END) != 0) {
    perror(file);
    exit(1);
  }
  long size = ftell(stream);
  rewind(stream);
  uint32_t *words = malloc((size_t)size);
  if (words == NULL || fread(words, 1, (size_t)size, stream) != (size_t)size) exit(1);
  fclose(stream);
  VkShaderModuleCreateInfo info = {
      .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = (size_t)size, .pCode = words};
  VkShaderModule module;
  check(vkCreateShaderModule(device, &info, NULL, &module), "vkCreateShaderModule");
  free(words);
  return module;
}

static void print_statistics(VkDevice device, const VkPipelineExecutableInfoKHR *of) {
  VkPipelineExecutableStatisticKHR all[MOST];
  for (int i = 0; i < MOST; i++)
    all[i] = (VkPipelineExecutableStatisticKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
  uint32_t count = MOST;
  check(get_statistics(device, of, &count, all), "vkGetPipelineExecutableStatisticsKHR");
  for (uint32_t i = 0; i < count; i++) {
    printf("@statistic %s\t", all[i].name);
    switch (all[i].format) {
      case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR: printf("%u\n", all[i].value.b32); break;
      case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR: printf("%lld\n", (long long)all[i].value.i64); break;
      case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR: printf("%llu\n", (unsigned long long)all[i].value.u64); break;
      default: printf("%g\n", all[i].value.f64);
    }
  }
}

static void print_texts(VkDevice device, const VkPipelineExecutableInfoKHR *of) {
  VkPipelineExecutableInternalRepresentationKHR all[MOST];
  for (int i = 0; i < MOST; i++)
    all[i] = (VkPipelineExecutableInternalRepresentationKHR){
        .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR};
  uint32_t count = MOST;
  check(get_representations(device, of, &count, all), "vkGetPipelineExecutableInternalRepresentationsKHR");
  for (uint32_t i = 0; i < count; i++)
    if ((all[i].pData = calloc(1, all[i].dataSize + 1)) == NULL) exit(1);
  check(get_representations(device, of, &count, all), "vkGetPipelineExecutableInternalRepresentationsKHR");
  for (uint32_t i = 0; i < count; i++)
    if (all[i].isText) printf("@text %s\n%s\n@end text\n", all[i].name, (const char *)all[i].pData);
}

static void print_pipeline(VkDevice device, VkPipeline pipeline) {
  VkPipelineInfoKHR info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR, .pipeline = pipeline};
  VkPipelineExecutablePropertiesKHR all[16];
  for (int i = 0; i < 16; i++)
    all[i] = (VkPipelineExecutablePropertiesKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR};
  uint32_t count = 16;
  check(get_executables(device, &info, &count, all), "vkGetPipelineExecutablePropertiesKHR");
  for (uint32_t i = 0; i < count; i++) {
    printf("@executable %s\t%u\n", all[i].name, all[i].subgroupSize);
    VkPipelineExecutableInfoKHR one = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = pipeline, .executableIndex = i};
    print_statistics(device, &one);
    print_texts(device, &one);
  }
}

static void compile(VkDevice device, const char *file, const char *bindings) {
  VkComputePipelineCreateInfo info = {
      .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
      .flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR |
               VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR,
      .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                .module = read_module(device, file),
                .pName = "dawn_entry_point"},
      .layout = make_layout(device, bindings)};
  VkPipeline pipeline;
  VkResult result = vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline);
  if (result == VK_SUCCESS) print_pipeline(device, pipeline);
  else printf("@error %d\n", result);
}

int main(void) {
  VkPhysicalDevice physical = first_device();
  VkPhysicalDeviceProperties properties;
  vkGetPhysicalDeviceProperties(physical, &properties);
  printf("@device %s\n", properties.deviceName);
  VkDevice device = open_device(physical);
  char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *tab = strchr(line, '\t');
    if (tab == NULL) continue;
    *tab = '\0';
    printf("@shader %s\n", line);
    fflush(stdout);
    /* In a child, so that one that ends the driver is not the last. */
    pid_t child = fork();
    if (child == 0) {
      compile(device, line, tab + 1);
      fflush(stdout);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("@died %d\n", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0) printf("@failed %d\n", WEXITSTATUS(status));
    printf("@end\n");
    fflush(stdout);
  }
  fflush(stdout);
  _exit(0);
}
